CREATE TABLE stock_levels (
    bin_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL DEFAULT 0,
    counted_at DATETIME NULL,
    PRIMARY KEY (bin_id, product_id),
    KEY stock_levels_product (product_id),
    CONSTRAINT stock_levels_bin FOREIGN KEY (bin_id) REFERENCES bins (id) ON DELETE CASCADE,
    CONSTRAINT stock_levels_product FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT stock_levels_not_negative CHECK (quantity >= 0)
) ENGINE = InnoDB;
