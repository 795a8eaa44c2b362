ALTER TABLE stock_movements DROP FOREIGN KEY stock_movements_batch;
ALTER TABLE stock_movements DROP COLUMN batch_id;
DROP TABLE batches;
