//! How a part of an invoice is read: a record names its fields and the elements that they stand in, once, and everything else follows.

use super::super::tree::{Element, Tree};

/// A tree being read, with a note of the elements whose text has been taken.
pub(super) struct Reader {
    taken: Vec<bool>,
}

impl Reader {
    pub(super) fn new(tree: &Tree<'_>) -> Self {
        Self { taken: vec![false; tree.count()] }
    }

    /// An element's text without blanks around it, if there is any.
    pub(super) fn take<'d>(&mut self, element: Element<'d, '_>) -> Option<&'d str> {
        let text = Some(element.text().trim()).filter(|text| !text.is_empty())?;
        self.taken[element.order()] = true;
        Some(text)
    }

    /// An element's text, if nobody took it.
    pub(super) fn left<'d>(&self, element: Element<'d, '_>) -> Option<&'d str> {
        Some(element.text().trim()).filter(|text| !text.is_empty() && !self.taken[element.order()])
    }
}

/// What one element holds.
pub(super) trait Part: Sized {
    /// What is in the element; none where nothing is that it could hold.
    fn read(reader: &mut Reader, element: Element<'_, '_>) -> Option<Self>;

    /// Every text in it, as the file holds them.
    #[cfg(test)]
    fn texts(&self, each: &mut dyn FnMut(&str));
}

impl Part for String {
    fn read(reader: &mut Reader, element: Element<'_, '_>) -> Option<Self> {
        reader.take(element).map(str::to_owned)
    }

    #[cfg(test)]
    fn texts(&self, each: &mut dyn FnMut(&str)) {
        each(self);
    }
}

impl<T: Part> Part for Box<T> {
    fn read(reader: &mut Reader, element: Element<'_, '_>) -> Option<Self> {
        T::read(reader, element).map(Self::new)
    }

    #[cfg(test)]
    fn texts(&self, each: &mut dyn FnMut(&str)) {
        T::texts(self, each);
    }
}

/// A field of a record: what stands at the end of its paths.
pub(super) trait Field {
    fn read(reader: &mut Reader, parent: Element<'_, '_>, paths: &[&str]) -> Self;

    #[cfg(test)]
    fn texts(&self, each: &mut dyn FnMut(&str));
}

/// The first element of the first path that leads to something.
impl<T: Part> Field for Option<T> {
    fn read(reader: &mut Reader, parent: Element<'_, '_>, paths: &[&str]) -> Self {
        paths.iter().filter_map(|path| parent.at(path)).find_map(|element| T::read(reader, element))
    }

    #[cfg(test)]
    fn texts(&self, each: &mut dyn FnMut(&str)) {
        if let Some(part) = self {
            part.texts(each);
        }
    }
}

/// The elements at the end of all paths.
impl<T: Part> Field for Vec<T> {
    fn read(reader: &mut Reader, parent: Element<'_, '_>, paths: &[&str]) -> Self {
        let mut parts = Self::new();
        for path in paths {
            each_at(parent, path, &mut |element| parts.extend(T::read(reader, element)));
        }
        parts
    }

    #[cfg(test)]
    fn texts(&self, each: &mut dyn FnMut(&str)) {
        for part in self {
            part.texts(each);
        }
    }
}

fn each_at<'d, 't>(parent: Element<'d, 't>, path: &str, found: &mut impl FnMut(Element<'d, 't>)) {
    match path.split_once('/') {
        None => parent.all(path).for_each(found),
        Some((first, rest)) => parent.all(first).for_each(|element| each_at(element, rest, found)),
    }
}

/// Declares records. After a field's type come the paths of the elements that it is read from, the usual one first: the two families of
/// formats put the same thing in different places.
macro_rules! records {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $($path:literal)|+,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, PartialEq, Eq)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl $crate::fatturapa::content::record::Part for $name {
                fn read(
                    reader: &mut $crate::fatturapa::content::record::Reader,
                    element: $crate::fatturapa::tree::Element<'_, '_>,
                ) -> Option<Self> {
                    let read = Self {
                        $($field: $crate::fatturapa::content::record::Field::read(reader, element, &[$($path),+]),)*
                    };
                    (read != Self::default()).then_some(read)
                }

                #[cfg(test)]
                fn texts(&self, each: &mut dyn FnMut(&str)) {
                    $($crate::fatturapa::content::record::Field::texts(&self.$field, each);)*
                }
            }
        )*
    };
}

pub(super) use records;
