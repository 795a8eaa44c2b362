CREATE TABLE memos (
    entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);
INSERT INTO memos SELECT id, memo FROM entries WHERE memo <> '';
-- glowplug: allow column-dropped because "memos has its values now"
ALTER TABLE entries DROP COLUMN memo;
