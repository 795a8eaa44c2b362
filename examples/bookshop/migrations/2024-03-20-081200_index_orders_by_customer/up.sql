-- Alone in its migration, and outside a transaction: see metadata.toml.
CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);
