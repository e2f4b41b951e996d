//! The models of the cases about the unit of work.

use rebis::prelude::*;

use super::Database;

/// Its key is not the first column.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_authors")]
pub(super) struct Author {
    #[rebis(length = 50, unique)]
    pub(super) name: String,
    pub(super) bio: Option<String>,
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) visits: i64,
    #[rebis(relationship(back_populates = "author", cascade = "all, delete-orphan"))]
    pub(super) books: Many<Book>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_books")]
pub(super) struct Book {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) title: String,
    #[rebis(foreign_key = Author::id)]
    pub(super) author_id: Option<i64>,
    #[rebis(relationship(back_populates = "books"))]
    pub(super) author: One<Author>,
    #[rebis(relationship(back_populates = "books", secondary = BookTag))]
    pub(super) tags: Many<Tag>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_tags")]
pub(super) struct Tag {
    #[rebis(primary_key)]
    pub(super) id: i64,
    #[rebis(length = 50, unique)]
    pub(super) label: String,
    #[rebis(relationship(back_populates = "tags", secondary = BookTag))]
    pub(super) books: Many<Book>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_book_tags")]
pub(super) struct BookTag {
    #[rebis(primary_key, foreign_key = Book::id)]
    pub(super) book_id: i64,
    #[rebis(primary_key, foreign_key = Tag::id)]
    pub(super) tag_id: i64,
}

/// With keys of the program, and foreign keys without relations.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_regions")]
pub(super) struct Region {
    #[rebis(primary_key, autoincrement = false)]
    pub(super) id: i64,
    pub(super) name: String,
}

/// Its name comes before that of its parent, alphabetically.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_cities")]
pub(super) struct City {
    #[rebis(primary_key, autoincrement = false)]
    pub(super) id: i64,
    pub(super) name: String,
    #[rebis(foreign_key = Region::id)]
    pub(super) region_id: Option<i64>,
    #[rebis(foreign_key = City::id)]
    pub(super) near_id: Option<i64>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_departments")]
pub(super) struct Department {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) name: String,
    #[rebis(foreign_key = Employee::id)]
    pub(super) boss_id: Option<i64>,
    #[rebis(relationship(post_update))]
    pub(super) boss: One<Employee>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_uow_employees")]
pub(super) struct Employee {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) name: String,
    #[rebis(foreign_key = Department::id)]
    pub(super) department_id: Option<i64>,
    #[rebis(relationship)]
    pub(super) department: One<Department>,
}

type All = (Author, Book, Tag, BookTag, Region, City, Department, Employee);

/// An engine with new tables.
pub(super) fn engine(database: &Database) -> Engine {
    let engine = database.engine(2);
    rebis::drop_all::<All>(&engine).unwrap();
    rebis::create_all::<All>(&engine).unwrap();
    engine
}

pub(super) fn author(name: &str) -> Author {
    Author { name: name.into(), ..Author::default() }
}

pub(super) fn book(title: &str) -> Book {
    Book { title: title.into(), ..Book::default() }
}
