// fails: E0369
// says: cannot add `Money` to `Expr<Money>`
// says: `rebis::sql::family::Own<Money>` does not implement `rebis::sql::family::Number`

use rebis::sql::{Expr, Literal, Typed, family, literal};

struct Money(i64);

impl From<Money> for rebis::Value {
    fn from(money: Money) -> Self {
        money.0.into()
    }
}

impl Typed for Money {
    type Family = family::Own<Money>;
    type Nullable = Option<Money>;
}

impl Literal for Money {}

fn main() {
    let cents: Expr<Money> = literal(Money(1));
    let _ = cents + Money(2); //~ here
}
