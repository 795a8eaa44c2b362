SELECT diesel_manage_updated_at('books');

CREATE FUNCTION normalize_isbn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.isbn := replace(NEW.isbn, '-', '');
    RETURN NEW;
END
$$;

CREATE TRIGGER normalize_isbn BEFORE INSERT OR UPDATE OF isbn ON books
    FOR EACH ROW EXECUTE FUNCTION normalize_isbn();
