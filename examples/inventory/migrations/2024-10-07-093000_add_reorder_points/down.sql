DROP INDEX products_reorder_point ON products;

ALTER TABLE products
    DROP COLUMN reorder_quantity,
    DROP COLUMN reorder_point;
