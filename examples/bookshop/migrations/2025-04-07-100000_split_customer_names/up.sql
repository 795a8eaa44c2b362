ALTER TABLE customers
    ADD COLUMN first_name TEXT NOT NULL DEFAULT '',
    ADD COLUMN middle_name TEXT NOT NULL DEFAULT '',
    ADD COLUMN last_name TEXT NOT NULL DEFAULT '';

-- glowplug: allow rows-without-where because "a small shop" rows <= 5000
UPDATE customers SET
    first_name = split_part(full_name, ' ', 1),
    middle_name = coalesce(substring(full_name FROM '^\S+ (.*) \S+$'), ''),
    last_name = coalesce(substring(full_name FROM ' (\S+)$'), '');

-- glowplug: allow column-dropped because "release 2.0 reads the parts alone"
ALTER TABLE customers DROP COLUMN full_name;
