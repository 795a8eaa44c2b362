CREATE TYPE order_status AS ENUM ('cart', 'placed', 'sent', 'returned');

CREATE TABLE orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    status order_status NOT NULL DEFAULT 'cart',
    voucher TEXT NOT NULL,
    placed_at TIMESTAMPTZ
);

CREATE TABLE order_lines (
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    book_id BIGINT NOT NULL REFERENCES books (id),
    copies INTEGER NOT NULL CHECK (copies > 0),
    PRIMARY KEY (order_id, book_id)
);
