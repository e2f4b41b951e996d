// fails: E0277
// says: `Vec<Vec<i64>>` cannot be bound to a statement
// says: for its elements in a `Vec`

use rebis::text;

fn main() {
    let nested: Vec<Vec<i64>> = vec![vec![1], vec![2]];
    let _ = text("select :nested").bind("nested", nested); //~ here
}
