-- What is sold over the counter belongs to a customer too.
INSERT INTO customers (email, full_name) VALUES ('till@bookshop.example', 'The till')
    ON CONFLICT (email) DO NOTHING;

INSERT INTO orders (customer_id, status)
    SELECT id, 'cart' FROM customers WHERE email = 'till@bookshop.example';

CREATE TABLE till_days (
    day DATE PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    cash NUMERIC(10, 2) NOT NULL DEFAULT 0
);
