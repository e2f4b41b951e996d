// fails: E0277
// says: `Email` cannot be bound to a statement
// says: for a type of your own, write `impl From<Email> for rebis::Value`
// says: wrap it as JSON: `rebis::Json(value)`

use rebis::text;

struct Email(#[allow(dead_code)] String);

fn main() {
    let email = Email("ed@example.com".to_owned());
    let _ = text("select :email").bind("email", email); //~ here
}
