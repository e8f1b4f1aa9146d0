//! What was wrong with a form, and beside which field to say so.

use super::menu::BarView;

/// The field of an error that is about the bar.
const BAR: &str = "bar";

/// One thing wrong: where, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormError {
    /// Which item of the order, from 0; `None`: the order as a whole.
    pub(crate) line: Option<usize>,
    /// "size", "milk", "extras", "note", "for"; empty: the line or the whole.
    pub(crate) field: String,
    pub(crate) message: String,
}

/// All that was wrong with a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Errors(pub(crate) Vec<FormError>);

impl Errors {
    /// One error that belongs to no field.
    pub(crate) fn general(message: impl Into<String>) -> Self {
        Self(vec![FormError { line: None, field: String::new(), message: message.into() }])
    }

    /// That the bar takes no orders. The page says so by itself while that is so.
    pub(crate) fn of_bar(message: impl Into<String>) -> Self {
        Self(vec![FormError { line: None, field: BAR.to_owned(), message: message.into() }])
    }

    /// Without what the page says by itself.
    pub(crate) fn beside(mut self, bar: &BarView) -> Self {
        self.0.retain(|error| bar.open() || error.field != BAR);
        self
    }

    /// Adds what a service said about `path`, such as `items[0].extras[2]` or `items.0.note`.
    pub(crate) fn add(&mut self, path: &str, message: impl Into<String>) {
        let mut line = None;
        let mut field = String::new();
        for part in path.split(['.', '[', ']', '/']).filter(|part| !part.is_empty()) {
            match part.parse::<usize>() {
                Ok(index) if line.is_none() && field == "items" => line = Some(index),
                Ok(_) => {}
                Err(_) if line.is_some() && field != "items" => {}
                Err(_) => part.clone_into(&mut field),
            }
        }
        let field = match field.as_str() {
            "items" | "menu_item" => String::new(),
            "recipient" | "member_id" | "member" | "guest" => "for".to_owned(),
            _ => field,
        };
        self.0.push(FormError { line, field, message: message.into() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of a field of a single drink's form, whichever line it was sent as.
    pub(crate) fn of(&self, field: &str) -> Vec<&str> {
        self.all(|error| error.field == field)
    }

    /// Of a field, or nothing wrong with it: for `aria-invalid`.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|error| error.field == field)
    }

    /// Of one line of the cart, whatever the field.
    pub(crate) fn of_line(&self, line: &usize) -> Vec<&str> {
        self.all(|error| error.line == Some(*line))
    }

    /// Of nothing in particular: shown at the head of a drink's form, where fields show their own.
    pub(crate) fn of_form(&self) -> Vec<&str> {
        const SHOWN: [&str; 6] = ["size", "milk", "extras", "note", "for", "name"];
        self.all(|error| !SHOWN.contains(&error.field.as_str()))
    }

    /// Those of these fields alone, where several forms are one.
    pub(crate) fn among(&self, fields: &[&str]) -> Self {
        let of_them = |error: &&FormError| fields.contains(&error.field.as_str());
        Self(self.0.iter().filter(of_them).cloned().collect())
    }

    /// All of them, where no field is shown.
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.all(|_| true)
    }

    /// Of the cart as a whole.
    pub(crate) fn of_whole(&self) -> Vec<&str> {
        self.all(|error| error.line.is_none())
    }

    fn all(&self, wanted: impl Fn(&FormError) -> bool) -> Vec<&str> {
        self.0.iter().filter(|error| wanted(error)).map(|error| error.message.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_field_path_finds_its_field() {
        let mut errors = Errors::default();
        errors.add("items[1].extras[0]", "no such extra");
        errors.add("items.0.note", "too long");
        errors.add("items[0].recipient.guest", "a name is needed");
        errors.add("items", "at most 12");
        assert_eq!(errors.of("extras"), ["no such extra"]);
        assert_eq!(errors.of_line(&0), ["too long", "a name is needed"]);
        assert_eq!(errors.of("for"), ["a name is needed"]);
        assert_eq!(errors.of_whole(), ["at most 12"]);
        assert_eq!(errors.of_form(), ["at most 12"]);
        assert!(errors.has("note") && !errors.has("milk"));
        assert_eq!(errors.among(&["note", "milk"]).messages(), ["too long"]);
    }
}
