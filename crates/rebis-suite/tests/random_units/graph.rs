//! Operations on users and their addresses, which form a circle, and on the tree.

use std::collections::BTreeSet;

use rebis::{Instance, State};

use crate::models::{Address, ExpectedAddress, ExpectedNode, ExpectedUser, Keyword, Node, User};
use crate::{World, nothing};

impl World {
    pub(crate) fn add_user(&mut self) -> String {
        let number = self.number();
        let name = format!("user {number}");
        let user = User { name: name.clone(), ..User::default() };
        self.held.users.insert(number, self.session.add(user).unwrap());
        self.now.users.insert(number, ExpectedUser { name, ..ExpectedUser::default() });
        format!("{number}")
    }

    pub(crate) fn change_user(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.users) else { return nothing() };
        let fullname = Some(format!("full {}", self.random.below(5)));
        let user = &self.held.users[&number];
        if self.random.one_in(2) {
            user.write().unwrap().fullname.clone_from(&fullname);
        } else {
            user.set(User::fullname, fullname.clone()).unwrap();
        }
        self.now.users.get_mut(&number).unwrap().fullname = fullname;
        format!("{number}")
    }

    /// Its addresses go along. What its keywords had loaded of their users is read again, as after any DELETE.
    pub(crate) fn delete_user(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.users) else { return nothing() };
        let own: BTreeSet<usize> = self.addresses_of(number);
        self.clear_favorites(&own, Some(number));
        if self.held.users[&number].state() == State::Pending || self.random.one_in(2) {
            self.session.flush().unwrap();
        }
        self.session.delete(&self.held.users[&number]).unwrap();
        self.session.flush().unwrap();
        let user = self.now.users.remove(&number).unwrap();
        self.now.addresses.retain(|address, _| !own.contains(address));
        for word in &user.keywords {
            self.session.expire(&self.held.keywords[word]).unwrap();
        }
        format!("{number}")
    }

    pub(crate) fn addresses_of(&self, user: usize) -> BTreeSet<usize> {
        let own = self.now.addresses.iter().filter(|(_, address)| address.user == Some(user));
        own.map(|(number, _)| *number).collect()
    }

    /// Whoever else has one of these as favorite, has none.
    fn clear_favorites(&mut self, of: &BTreeSet<usize>, but: Option<usize>) {
        for (number, user) in &mut self.now.users {
            if Some(*number) != but && user.favorite.is_some_and(|favorite| of.contains(&favorite)) {
                user.favorite = None;
                self.held.users[number].set(User::favorite, None::<&Instance<Address>>).unwrap();
            }
        }
    }

    pub(crate) fn add_address(&mut self) -> String {
        let number = self.number();
        let email = format!("address {number}");
        let address = Address { email: email.clone(), ..Address::default() };
        let owner = self.random.pick(&self.now.users).filter(|_| !self.random.one_in(5));
        let instance = match owner {
            Some(owner) => self.held.users[&owner].related(User::addresses).unwrap().push(address).unwrap(),
            None => self.session.add(address).unwrap(),
        };
        self.held.addresses.insert(number, instance);
        self.now.addresses.insert(number, ExpectedAddress { email, user: owner });
        format!("{number} of {owner:?}")
    }

    pub(crate) fn move_address(&mut self) -> String {
        let (Some(number), Some(owner)) =
            (self.random.pick(&self.now.addresses), self.random.pick(&self.now.users))
        else {
            return nothing();
        };
        let (address, user) = (&self.held.addresses[&number], &self.held.users[&owner]);
        let by_parent = self.random.one_in(2);
        if by_parent {
            user.related(User::addresses).unwrap().push(address).unwrap();
        } else {
            address.set(Address::user, user).unwrap();
        }
        self.now.addresses.get_mut(&number).unwrap().user = Some(owner);
        format!("{number} to {owner}, by the parent: {by_parent}")
    }

    /// Without an owner it is an orphan.
    pub(crate) fn remove_address(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.addresses) else { return nothing() };
        let Some(owner) = self.now.addresses[&number].user else { return nothing() };
        self.clear_favorites(&BTreeSet::from([number]), None);
        let address = &self.held.addresses[&number];
        self.held.users[&owner].related(User::addresses).unwrap().remove(address).unwrap();
        self.session.flush().unwrap();
        self.now.addresses.remove(&number);
        format!("{number} of {owner}")
    }

    pub(crate) fn choose_favorite(&mut self) -> String {
        let (Some(number), Some(owner)) =
            (self.random.pick(&self.now.addresses), self.random.pick(&self.now.users))
        else {
            return nothing();
        };
        self.held.users[&owner].set(User::favorite, &self.held.addresses[&number]).unwrap();
        self.now.users.get_mut(&owner).unwrap().favorite = Some(number);
        format!("{number} of {owner}")
    }

    // ---- many to many ----

    pub(crate) fn link_keyword(&mut self) -> String {
        let (Some(number), Some(owner)) =
            (self.random.pick(&self.now.keywords), self.random.pick(&self.now.users))
        else {
            return nothing();
        };
        let (keyword, user) = (&self.held.keywords[&number], &self.held.users[&owner]);
        let by_user = self.random.one_in(2);
        if by_user {
            user.related(User::keywords).unwrap().push(keyword).unwrap();
        } else {
            keyword.related(Keyword::users).unwrap().push(user).unwrap();
        }
        self.now.users.get_mut(&owner).unwrap().keywords.insert(number);
        format!("{number} to {owner}, by the user: {by_user}")
    }

    pub(crate) fn unlink_keyword(&mut self) -> String {
        let Some(owner) = self.random.pick(&self.now.users) else { return nothing() };
        let Some(number) = self.now.users[&owner].keywords.first().copied() else { return nothing() };
        let (keyword, user) = (&self.held.keywords[&number], &self.held.users[&owner]);
        let by_user = self.random.one_in(2);
        if by_user {
            user.related(User::keywords).unwrap().remove(keyword).unwrap();
        } else {
            keyword.related(Keyword::users).unwrap().remove(user).unwrap();
        }
        self.now.users.get_mut(&owner).unwrap().keywords.remove(&number);
        format!("{number} from {owner}, by the user: {by_user}")
    }

    /// Other ones in the place of all.
    pub(crate) fn replace_keywords(&mut self) -> String {
        let Some(owner) = self.random.pick(&self.now.users) else { return nothing() };
        let chosen: BTreeSet<usize> =
            self.now.keywords.keys().copied().filter(|_| self.random.one_in(3)).collect();
        let keywords = chosen.iter().map(|number| &self.held.keywords[number]);
        self.held.users[&owner].related(User::keywords).unwrap().replace(keywords).unwrap();
        self.now.users.get_mut(&owner).unwrap().keywords.clone_from(&chosen);
        format!("of {owner} by {chosen:?}")
    }

    // ---- the tree ----

    pub(crate) fn add_node(&mut self) -> String {
        let number = self.number();
        let name = format!("node {number}");
        let parent = self.random.pick(&self.now.nodes);
        let node = Node { name: name.clone(), ..Node::default() };
        let by_parent = self.random.one_in(2);
        let instance = match parent {
            Some(parent) if by_parent => {
                self.held.nodes[&parent].related(Node::children).unwrap().push(node).unwrap()
            }
            Some(parent) => {
                let instance = self.session.add(node).unwrap();
                instance.set(Node::parent, &self.held.nodes[&parent]).unwrap();
                instance
            }
            None => self.session.add(node).unwrap(),
        };
        self.held.nodes.insert(number, instance);
        self.now.nodes.insert(number, ExpectedNode { name, parent });
        format!("{number} below {parent:?}, by the parent: {by_parent}")
    }

    pub(crate) fn move_node(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.nodes) else { return nothing() };
        let target = self.random.pick(&self.now.nodes).filter(|target| !self.is_below(*target, number));
        match target {
            Some(target) => self.held.nodes[&number].set(Node::parent, &self.held.nodes[&target]).unwrap(),
            None => self.held.nodes[&number].set(Node::parent, None::<&Instance<Node>>).unwrap(),
        }
        self.now.nodes.get_mut(&number).unwrap().parent = target;
        format!("{number} below {target:?}")
    }

    fn is_below(&self, mut number: usize, ancestor: usize) -> bool {
        loop {
            if number == ancestor {
                return true;
            }
            match self.now.nodes[&number].parent {
                Some(parent) => number = parent,
                None => return false,
            }
        }
    }

    /// What is below goes along. The parent reads its children again.
    pub(crate) fn delete_subtree(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.nodes) else { return nothing() };
        let below: BTreeSet<usize> =
            self.now.nodes.keys().copied().filter(|node| self.is_below(*node, number)).collect();
        if below.len() > 4 {
            return nothing();
        }
        if self.held.nodes[&number].state() == State::Pending || self.random.one_in(2) {
            self.session.flush().unwrap();
        }
        self.session.delete(&self.held.nodes[&number]).unwrap();
        self.session.flush().unwrap();
        let parent = self.now.nodes[&number].parent;
        self.now.nodes.retain(|node, _| !below.contains(node));
        if let Some(parent) = parent {
            self.session.expire(&self.held.nodes[&parent]).unwrap();
        }
        format!("{below:?}")
    }
}
