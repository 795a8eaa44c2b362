CREATE TABLE budgets (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    month TEXT NOT NULL,
    cents BIGINT NOT NULL CHECK (cents >= 0),
    PRIMARY KEY (account_id, month)
) WITHOUT ROWID;

CREATE INDEX budgets_by_month ON budgets (month) WHERE cents > 0;
