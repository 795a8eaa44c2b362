INSERT INTO accounts (id, name, kind) VALUES (1, 'Bank', 'asset'), (2, 'Opening balances', 'income');
INSERT INTO entries (id, booked_on, memo) VALUES (1, '2026-01-01', 'Opening balance');
INSERT INTO postings (entry_id, line, account_id, cents) VALUES (1, 1, 1, 150000), (1, 2, 2, -150000);
