DELETE FROM postings WHERE entry_id = 1;
DELETE FROM entries WHERE id = 1;
DELETE FROM accounts WHERE id IN (1, 2);
