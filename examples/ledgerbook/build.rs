fn main() {
    // embed_migrations! is not compiled again when only SQL changes, unless this says so.
    println!("cargo:rerun-if-changed=migrations");
}
