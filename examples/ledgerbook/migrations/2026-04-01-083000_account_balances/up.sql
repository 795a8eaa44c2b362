CREATE VIEW account_balances AS
SELECT accounts.id AS account_id, accounts.name, coalesce(sum(postings.cents), 0) AS cents
FROM accounts
LEFT JOIN postings ON postings.account_id = accounts.id
GROUP BY accounts.id;
