-- The view grew too slow: balances are kept by month, and the application sums them.
DROP VIEW account_balances;

CREATE TABLE monthly_balances (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    month TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
    cents BIGINT NOT NULL,
    PRIMARY KEY (account_id, month)
) WITHOUT ROWID;

INSERT INTO monthly_balances
SELECT account_id, strftime('%Y-%m', booked_on), sum(cents)
FROM postings JOIN entries ON entries.id = postings.entry_id
GROUP BY 1, 2;
