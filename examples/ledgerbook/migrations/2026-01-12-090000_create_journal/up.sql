CREATE TABLE entries (
    id INTEGER NOT NULL PRIMARY KEY,
    booked_on DATE NOT NULL,
    memo TEXT NOT NULL DEFAULT '',
    reverses INTEGER UNIQUE REFERENCES entries (id)
);

CREATE TABLE postings (
    entry_id INTEGER NOT NULL REFERENCES entries (id),
    line INTEGER NOT NULL CHECK (line > 0),
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    cents BIGINT NOT NULL CHECK (cents <> 0),
    PRIMARY KEY (entry_id, line)
);

CREATE INDEX postings_by_account ON postings (account_id);

CREATE TRIGGER postings_are_final BEFORE UPDATE OF cents, account_id ON postings
BEGIN
    SELECT RAISE(ABORT, 'a posting is final: reverse its entry');
END;
