ALTER TABLE books ADD COLUMN language TEXT;

-- glowplug: allow rows-without-where because "a small shop" rows <= 5000
UPDATE books SET language = CASE WHEN isbn LIKE '9783%' THEN 'de' ELSE 'en' END;

ALTER TABLE books ALTER COLUMN language SET NOT NULL;
