CREATE TABLE reviews (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book_id BIGINT NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    stars SMALLINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    said TEXT NOT NULL DEFAULT '',
    written_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (book_id, customer_id)
);

CREATE INDEX reviews_customer_id_idx ON reviews (customer_id);
