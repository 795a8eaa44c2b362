-- glowplug: allow set-not-null-scans-table because "a few seconds at night" rows <= 200000
ALTER TABLE orders ALTER COLUMN voucher SET NOT NULL;
