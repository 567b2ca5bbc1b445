//! The derive macro of `triptych_entities::relational::positional::Positional`.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, GenericArgument, PathArguments, PathSegment, Type, parse_macro_input};

/// Decodes a model by the positions of its columns, which are the positions of its fields.
#[proc_macro_derive(Positional)]
pub fn positional(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let Data::Struct(data) = &input.data else {
        return Error::new_spanned(&input.ident, "only a struct has fields with positions")
            .to_compile_error()
            .into();
    };
    let model = &input.ident;
    let names = data.fields.iter().map(|field| field.ident.as_ref());
    let columns = names.clone().map(|name| name.map(ToString::to_string));
    let instant = quote!(crate::relational::instant::Instant);
    let values = data.fields.iter().map(|field| match (inner("Option", &field.ty), &field.ty) {
        (Some(ty), _) if is("DateTimeUtc", ty) => quote!(columns.optional::<#instant>()?.map(|at| at.0)),
        (None, ty) if is("DateTimeUtc", ty) => quote!(columns.required::<#instant>()?.0),
        (Some(_), _) => quote!(columns.optional()?),
        (None, _) => quote!(columns.required()?),
    });
    quote! {
        impl crate::relational::positional::Positional for #model {
            const COLUMNS: &'static [&'static str] = &[#(#columns),*];

            fn decode(
                columns: &mut crate::relational::positional::Columns<'_>,
            ) -> ::std::result::Result<Self, ::sea_orm::DbErr> {
                Ok(Self { #(#names: #values),* })
            }
        }
    }
    .into()
}

/// The last segment of the path of a type.
fn last(ty: &Type) -> Option<&PathSegment> {
    let Type::Path(path) = ty else { return None };
    path.path.segments.last()
}

fn is(name: &str, ty: &Type) -> bool {
    last(ty).is_some_and(|last| last.ident == name)
}

/// The argument of a generic type with this name.
fn inner<'a>(name: &str, ty: &'a Type) -> Option<&'a Type> {
    let PathArguments::AngleBracketed(arguments) = &last(ty).filter(|last| last.ident == name)?.arguments
    else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}
