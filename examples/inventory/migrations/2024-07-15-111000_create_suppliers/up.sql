CREATE TABLE suppliers (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(120) NOT NULL,
    email VARCHAR(254) NULL
) ENGINE = InnoDB;

CREATE TABLE supplier_products (
    supplier_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    lead_days SMALLINT NOT NULL,
    PRIMARY KEY (supplier_id, product_id),
    CONSTRAINT supplier_products_supplier FOREIGN KEY (supplier_id) REFERENCES suppliers (id),
    CONSTRAINT supplier_products_product FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB;
