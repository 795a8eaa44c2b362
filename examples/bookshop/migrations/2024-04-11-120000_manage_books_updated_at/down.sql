DROP TRIGGER normalize_isbn ON books;
DROP FUNCTION normalize_isbn();
DROP TRIGGER set_updated_at ON books;
