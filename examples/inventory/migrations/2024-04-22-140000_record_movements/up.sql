CREATE TABLE stock_movements (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    bin_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    reason VARCHAR(40) NOT NULL,
    moved_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    KEY stock_movements_product_time (product_id, moved_at),
    CONSTRAINT stock_movements_bin FOREIGN KEY (bin_id) REFERENCES bins (id),
    CONSTRAINT stock_movements_product FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB;

-- A movement keeps the level of its bin; Diesel sends the body as it stands, so no DELIMITER is needed.
CREATE TRIGGER stock_movements_keep_level AFTER INSERT ON stock_movements
FOR EACH ROW
BEGIN
    INSERT INTO stock_levels (bin_id, product_id, quantity)
    VALUES (NEW.bin_id, NEW.product_id, NEW.quantity)
    ON DUPLICATE KEY UPDATE quantity = quantity + NEW.quantity;
END;
