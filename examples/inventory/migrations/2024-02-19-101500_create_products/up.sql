CREATE TABLE products (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sku VARCHAR(32) NOT NULL,
    name VARCHAR(80) NOT NULL DEFAULT '',
    unit ENUM('piece', 'box', 'pallet') NOT NULL DEFAULT 'piece',
    weight_grams INTEGER NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE KEY products_sku (sku)
) ENGINE = InnoDB COMMENT = 'What can lie on a shelf';
