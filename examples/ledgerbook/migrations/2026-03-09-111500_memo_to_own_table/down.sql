ALTER TABLE entries ADD COLUMN memo TEXT;
UPDATE entries SET memo = (SELECT body FROM memos WHERE memos.entry_id = entries.id);
DROP TABLE memos;
