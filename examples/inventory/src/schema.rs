// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Enum"))]
    pub struct ProductsUnitEnum;
}

diesel::table! {
    bins (id) {
        id -> Integer,
        warehouse_id -> Integer,
        aisle -> Smallint,
        shelf -> Smallint,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::ProductsUnitEnum;

    products (id) {
        id -> Integer,
        #[max_length = 32]
        sku -> Varchar,
        #[max_length = 200]
        name -> Varchar,
        #[max_length = 6]
        unit -> ProductsUnitEnum,
        weight_grams -> Nullable<Integer>,
        created_at -> Timestamp,
        reorder_point -> Nullable<Integer>,
        reorder_quantity -> Nullable<Integer>,
    }
}

diesel::table! {
    stock_levels (bin_id, product_id) {
        bin_id -> Integer,
        product_id -> Integer,
        quantity -> Integer,
        counted_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    stock_movements (id) {
        id -> Bigint,
        bin_id -> Integer,
        product_id -> Integer,
        quantity -> Integer,
        #[max_length = 40]
        reason -> Varchar,
        moved_at -> Datetime,
    }
}

diesel::table! {
    supplier_products (supplier_id, product_id) {
        supplier_id -> Integer,
        product_id -> Integer,
        lead_days -> Smallint,
    }
}

diesel::table! {
    suppliers (id) {
        id -> Integer,
        #[max_length = 120]
        name -> Varchar,
        #[max_length = 254]
        email -> Nullable<Varchar>,
    }
}

diesel::table! {
    warehouses (id) {
        id -> Integer,
        #[max_length = 4]
        code -> Char,
        #[max_length = 100]
        name -> Varchar,
        opened_on -> Date,
    }
}

diesel::joinable!(bins -> warehouses (warehouse_id));
diesel::joinable!(stock_levels -> bins (bin_id));
diesel::joinable!(stock_levels -> products (product_id));
diesel::joinable!(stock_movements -> bins (bin_id));
diesel::joinable!(stock_movements -> products (product_id));
diesel::joinable!(supplier_products -> products (product_id));
diesel::joinable!(supplier_products -> suppliers (supplier_id));

diesel::allow_tables_to_appear_in_same_query!(
    bins,
    products,
    stock_levels,
    stock_movements,
    supplier_products,
    suppliers,
    warehouses,
);
