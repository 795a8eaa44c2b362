CREATE TABLE accounts (
    id INTEGER NOT NULL PRIMARY KEY,
    parent_id INTEGER REFERENCES accounts (id),
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense')),
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX accounts_by_parent ON accounts (parent_id);

SELECT diesel_manage_updated_at('accounts');
