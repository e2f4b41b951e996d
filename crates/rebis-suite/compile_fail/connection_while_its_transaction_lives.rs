// fails: E0499
// says: cannot borrow `conn` as mutable more than once at a time
// says: conn.begin

use rebis::text;

fn main() -> rebis::Result<()> {
    let mut conn = rebis::Engine::new("sqlite://")?.connect()?;
    let tx = conn.begin()?;
    conn.execute(text("select 1"))?; //~ here
    tx.commit()
}
