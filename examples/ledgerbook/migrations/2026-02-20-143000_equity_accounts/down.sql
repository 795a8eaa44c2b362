PRAGMA foreign_keys = OFF;

CREATE TABLE accounts_old (
    id INTEGER NOT NULL PRIMARY KEY,
    parent_id INTEGER REFERENCES accounts (id),
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense')),
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO accounts_old
SELECT id, parent_id, name, iif(kind = 'equity', 'liability', kind), updated_at FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_old RENAME TO accounts;

PRAGMA foreign_keys = ON;
