CREATE TABLE batches (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    lot VARCHAR(40) NOT NULL,
    expires_on DATE NULL
) ENGINE = InnoDB;

ALTER TABLE stock_movements ADD COLUMN batch_id BIGINT NULL;

ALTER TABLE stock_movements
    ADD CONSTRAINT stock_movements_batch FOREIGN KEY (batch_id) REFERENCES batches (id);
