DROP TABLE bins;
DROP TABLE warehouses;
