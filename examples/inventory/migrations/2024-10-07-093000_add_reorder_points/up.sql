ALTER TABLE products
    ADD COLUMN reorder_point INTEGER NULL,
    ADD COLUMN reorder_quantity INTEGER NULL;

CREATE INDEX products_reorder_point ON products (reorder_point);
