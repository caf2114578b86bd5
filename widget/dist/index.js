function o(n){return n}export{o as load};
