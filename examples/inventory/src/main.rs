//! Lists the products of which less is in stock than their reorder point asks for.

mod schema;

use diesel::dsl::sum;
use diesel::prelude::*;

use schema::{products, stock_levels};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    dotenvy::dotenv().ok();
    let connection = &mut MysqlConnection::establish(&std::env::var("DATABASE_URL")?)?;
    let wanted: Vec<(i32, String, Option<i32>)> = products::table
        .filter(products::reorder_point.is_not_null())
        .select((products::id, products::name, products::reorder_point))
        .order(products::sku)
        .load(connection)?;
    for (id, name, reorder_point) in wanted {
        let in_stock: Option<i64> = stock_levels::table
            .filter(stock_levels::product_id.eq(id))
            .select(sum(stock_levels::quantity))
            .first(connection)?;
        if in_stock.unwrap_or(0) < i64::from(reorder_point.unwrap_or(0)) {
            println!("{name}: {} left", in_stock.unwrap_or(0));
        }
    }
    Ok(())
}
