DROP VIEW warehouse_load;
