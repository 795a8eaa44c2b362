CREATE VIEW warehouse_load AS
SELECT w.code, COUNT(DISTINCT l.bin_id) AS used_bins, COALESCE(SUM(l.quantity), 0) AS pieces
FROM warehouses w
LEFT JOIN bins b ON b.warehouse_id = w.id
LEFT JOIN stock_levels l ON l.bin_id = b.id
GROUP BY w.code;
