/** Joins the widget to a storefront in the browser. */

export interface JoinOptions {
  /** Sends an operation to the shop API with the shopper's session, and returns its `data`. */
  query(document: string, variables?: object): Promise<object>;
  /** Renews what the page shows of the basket, which has the offer now. */
  onTaken(order: { id: string; code: string }): void;
  /** Hears why the offer is not in the basket; the widget's card tells the shopper. */
  onRefused?(refused: { code: string; message: string }): void;
  /** The address of the basket, to which the card links; absent: the card has no link. */
  cartUrl?: string;
  /** The widget's setting `consent`; absent: that of the plugin's options. */
  consent?: string;
}
export interface Joined {
  /** Tell the widget again who is logged in: call it after a login or logout. */
  identify(): Promise<void>;
  /** Name the widget's session to the active order: call it when the checkout begins. */
  link(): Promise<void>;
}
export function joinTactful(options: JoinOptions): Promise<Joined>;
