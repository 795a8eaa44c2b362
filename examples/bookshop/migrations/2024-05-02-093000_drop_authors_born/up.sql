-- glowplug: allow column-dropped because "the shop never showed it"
ALTER TABLE authors DROP COLUMN born;
