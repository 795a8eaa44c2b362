-- SQLite can't change a CHECK, so the table is made anew.
PRAGMA foreign_keys = OFF;

CREATE TABLE accounts_new (
    id INTEGER NOT NULL PRIMARY KEY,
    parent_id INTEGER REFERENCES accounts (id),
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO accounts_new SELECT id, parent_id, name, kind, updated_at FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_new RENAME TO accounts;

PRAGMA foreign_keys = ON;
