// @generated automatically by Diesel CLI.

diesel::table! {
    accounts (id) {
        id -> Integer,
        parent_id -> Nullable<Integer>,
        name -> Text,
        kind -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    budgets (account_id, month) {
        account_id -> Integer,
        month -> Text,
        cents -> BigInt,
    }
}

diesel::table! {
    entries (id) {
        id -> Integer,
        booked_on -> Date,
        reverses -> Nullable<Integer>,
    }
}

diesel::table! {
    memos (entry_id) {
        entry_id -> Integer,
        body -> Text,
    }
}

diesel::table! {
    monthly_balances (account_id, month) {
        account_id -> Integer,
        month -> Text,
        cents -> BigInt,
    }
}

diesel::table! {
    postings (entry_id, line) {
        entry_id -> Integer,
        line -> Integer,
        account_id -> Integer,
        cents -> BigInt,
    }
}

diesel::joinable!(budgets -> accounts (account_id));
diesel::joinable!(memos -> entries (entry_id));
diesel::joinable!(monthly_balances -> accounts (account_id));
diesel::joinable!(postings -> accounts (account_id));
diesel::joinable!(postings -> entries (entry_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    budgets,
    entries,
    memos,
    monthly_balances,
    postings,
);
