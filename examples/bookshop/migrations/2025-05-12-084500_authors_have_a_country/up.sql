-- glowplug: allow set-not-null-scans-table because "a few hundred authors" rows <= 5000
ALTER TABLE authors ALTER COLUMN country SET NOT NULL;
