// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "order_status"))]
    pub struct OrderStatus;
}

diesel::table! {
    authors (id) {
        id -> Int8,
        name -> Text,
        country -> Text,
    }
}

diesel::table! {
    books (id) {
        id -> Int8,
        author_id -> Int8,
        title -> Text,
        isbn -> Text,
        price -> Numeric,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        language -> Text,
    }
}

diesel::table! {
    customers (id) {
        id -> Int8,
        email -> Text,
        created_at -> Timestamptz,
        first_name -> Text,
        middle_name -> Text,
        last_name -> Text,
    }
}

diesel::table! {
    order_lines (order_id, book_id) {
        order_id -> Int8,
        book_id -> Int8,
        copies -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::OrderStatus;

    orders (id) {
        id -> Int8,
        customer_id -> Int8,
        status -> OrderStatus,
        voucher -> Nullable<Text>,
        placed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    reviews (id) {
        id -> Int8,
        book_id -> Int8,
        customer_id -> Int8,
        stars -> Int2,
        said -> Text,
        written_at -> Timestamptz,
    }
}

diesel::table! {
    till_days (day) {
        day -> Date,
        order_id -> Int8,
        cash -> Numeric,
    }
}

diesel::joinable!(books -> authors (author_id));
diesel::joinable!(order_lines -> books (book_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(orders -> customers (customer_id));
diesel::joinable!(reviews -> books (book_id));
diesel::joinable!(reviews -> customers (customer_id));
diesel::joinable!(till_days -> orders (order_id));

diesel::allow_tables_to_appear_in_same_query!(
    authors,
    books,
    customers,
    order_lines,
    orders,
    reviews,
    till_days,
);
