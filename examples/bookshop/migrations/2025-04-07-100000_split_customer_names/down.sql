ALTER TABLE customers ADD COLUMN full_name TEXT NOT NULL DEFAULT '';

-- glowplug: allow rows-without-where because "a small shop" rows <= 5000
UPDATE customers SET full_name = first_name || ' ' || last_name;

ALTER TABLE customers ALTER COLUMN full_name DROP DEFAULT;
ALTER TABLE customers DROP COLUMN first_name, DROP COLUMN middle_name, DROP COLUMN last_name;
