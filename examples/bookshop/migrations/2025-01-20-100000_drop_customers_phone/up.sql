-- glowplug: allow column-dropped because "nothing reads it since release 1.8"
ALTER TABLE customers DROP COLUMN phone;
