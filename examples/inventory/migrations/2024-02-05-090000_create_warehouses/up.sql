CREATE TABLE warehouses (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    code CHAR(4) NOT NULL,
    name VARCHAR(100) NOT NULL,
    opened_on DATE NOT NULL,
    UNIQUE KEY warehouses_code (code)
) ENGINE = InnoDB;

CREATE TABLE bins (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    warehouse_id INTEGER NOT NULL,
    aisle SMALLINT NOT NULL,
    shelf SMALLINT NOT NULL,
    UNIQUE KEY bins_place (warehouse_id, aisle, shelf),
    CONSTRAINT bins_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouses (id)
) ENGINE = InnoDB;
